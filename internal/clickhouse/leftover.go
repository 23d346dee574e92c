package clickhouse

import (
	"context"
	"fmt"
)

// factTables are what RemoveLeftovers looks at.
var factTables = []string{
	deploymentTable.name, changeTable.name, incidentTable.name, failureTable.name, dayTable.name, inferredTable.name, knownTable.name,
}

// RemoveLeftovers deletes facts that claim to be folded from more events than
// the log holds of their service, and says of how many services. They are left
// over where events were deleted or the log was restored from an older backup,
// and would win over everything folded from the events there are.
func (s *Store) RemoveLeftovers(ctx context.Context) (int, error) {
	// Versions before counts: a process that folds meanwhile has appended its
	// events before it wrote their facts, so it is never taken for a leftover.
	versions := map[string]map[string]uint64{} // service → table → highest
	var services []string
	for _, table := range factTables {
		found, err := s.highestVersions(ctx, table)
		if err != nil {
			return 0, err
		}
		for service, version := range found {
			if versions[service] == nil {
				versions[service] = map[string]uint64{}
				services = append(services, service)
			}
			versions[service][table] = version
		}
	}
	if len(services) == 0 {
		return 0, nil
	}
	tallies, err := s.CountEvents(ctx, services)
	if err != nil {
		return 0, err
	}
	affected := map[string]bool{}
	for _, table := range factTables {
		var of []string
		var most []uint64 // events there are of each
		for _, service := range services {
			if n := uint64(tallies[service].Events); versions[service][table] > n {
				of, most = append(of, service), append(most, n)
				affected[service] = true
			}
		}
		// A DELETE rewrites parts: one a table, not one a service.
		for len(of) > 0 {
			n := min(len(of), leftoversAtOnce)
			if err := s.conn.Exec(ctx, "DELETE FROM "+table+" WHERE version > transform(toString(service), $1, $2, toUInt64(18446744073709551615))",
				of[:n], most[:n]); err != nil {
				return len(affected), fmt.Errorf("remove leftovers from %s: %w", table, err)
			}
			of, most = of[n:], most[n:]
		}
	}
	return len(affected), nil
}

// leftoversAtOnce bounds a statement's length.
const leftoversAtOnce = 1000

func (s *Store) highestVersions(ctx context.Context, table string) (map[string]uint64, error) {
	rows, err := s.conn.Query(ctx, "SELECT service, max(version) FROM "+table+" GROUP BY service")
	if err != nil {
		return nil, fmt.Errorf("read versions of %s: %w", table, err)
	}
	defer func() { _ = rows.Close() }()
	versions := map[string]uint64{}
	for rows.Next() {
		var service string
		var version uint64
		if err := rows.Scan(&service, &version); err != nil {
			return nil, fmt.Errorf("read versions of %s: %w", table, err)
		}
		versions[service] = version
	}
	return versions, rows.Err()
}
