    -- Since when the services chosen are known; NULL where nobody has told a deployment of any.
    (SELECT min(known_since) FROM services WHERE known_since < range_end AND {{template "scope.sql"}} HAVING min(deployed_since) < range_end) AS ground
