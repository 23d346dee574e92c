package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"strings"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

// Loss is a part of a table that can't be read wholly. The rows that can be read
// are in the table still; the part itself is detached, and nobody deletes it.
type Loss struct {
	Table, Part string
	Rows, Lost  uint64
}

// unreadable are the server's errors about a part's files, code → name.
var unreadable = map[int32]string{
	40:  "CHECKSUM_DOESNT_MATCH",
	89:  "UNKNOWN_COMPRESSION_METHOD",
	226: "NO_FILE_IN_DATA_PART",
	228: "BAD_SIZE_OF_FILE_IN_DATA_PART",
	246: "CORRUPTED_DATA",
	271: "CANNOT_DECOMPRESS",
	432: "UNKNOWN_CODEC",
}

func isUnreadable(err error) bool {
	var exception *ch.Exception
	return errors.As(err, &exception) && unreadable[exception.Code] != ""
}

// SetDamagedAside reads the parts of all tables but the given ones. Those that
// can't be read it detaches, after it has stored their readable rows again, for
// one such part makes every query and every merge fail that touches it. A
// cluster's replicas mend theirs from each other.
func (s *Store) SetDamagedAside(ctx context.Context, except ...string) ([]Loss, error) {
	if s.layout.Cluster != "" {
		return nil, nil
	}
	parts, err := s.parts(ctx, except)
	if err != nil {
		return nil, err
	}
	var lost []Loss
	healthy := map[string]bool{}
	for _, p := range parts {
		// Whole tables first, which are many fewer.
		ok, seen := healthy[p.Table]
		if !seen {
			if ok, err = s.reads(ctx, "SELECT count() FROM "+p.Table+" WHERE NOT ignore(*)"); err != nil {
				return lost, err
			}
			healthy[p.Table] = ok
		}
		if ok {
			continue
		}
		// One that was merged since has no rows under its name.
		if ok, err = s.reads(ctx, "SELECT count() FROM "+p.Table+" WHERE _part = $1 AND NOT ignore(*)", p.Part); err != nil {
			return lost, err
		}
		if ok {
			continue
		}
		if err := s.setAside(ctx, &p); err != nil {
			return lost, err
		}
		lost = append(lost, p)
	}
	return lost, nil
}

// parts are those of all tables but the given ones.
func (s *Store) parts(ctx context.Context, except []string) ([]Loss, error) {
	rows, err := s.conn.Query(ctx, `SELECT table, name, rows FROM system.parts
		WHERE active AND database = currentDatabase() AND NOT has($1, table) ORDER BY table, name`, append([]string{""}, except...))
	if err != nil {
		return nil, fmt.Errorf("list the parts of tables: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var parts []Loss
	for rows.Next() {
		var p Loss
		if err := rows.Scan(&p.Table, &p.Part, &p.Rows); err != nil {
			return nil, fmt.Errorf("list the parts of tables: %w", err)
		}
		parts = append(parts, p)
	}
	return parts, rows.Err()
}

// reads says whether all that a query asks for can be read. The query counts rows
// of which it ignores every column: they are read, and nothing is sent.
func (s *Store) reads(ctx context.Context, query string, args ...any) (bool, error) {
	var n uint64
	err := s.conn.QueryRow(careful(ctx), query, args...).Scan(&n)
	switch {
	case err == nil:
		return true, nil
	case isUnreadable(err):
		return false, nil
	}
	return false, fmt.Errorf("look for damaged parts: %w", err)
}

// careful leaves the processors to others, and sees what is on the disk.
func careful(ctx context.Context) context.Context {
	return ch.Context(ctx, ch.WithSettings(ch.Settings{"max_threads": 1, "use_uncompressed_cache": 0}))
}

func (s *Store) setAside(ctx context.Context, p *Loss) error {
	lost, err := s.salvage(ctx, p, 0, p.Rows)
	if err != nil {
		return fmt.Errorf("store the readable rows of part %s of %s again: %w", p.Part, p.Table, err)
	}
	p.Lost = lost
	var exception *ch.Exception
	err = s.conn.Exec(ctx, "ALTER TABLE "+p.Table+" DETACH PART '"+strings.ReplaceAll(p.Part, "'", "")+"'")
	if err != nil && (!errors.As(err, &exception) || exception.Code != noSuchPart) {
		return fmt.Errorf("set part %s of %s aside: %w", p.Part, p.Table, err)
	}
	return nil
}

const (
	noSuchPart = 232 // another process was faster
	// readAtOnce is what is read of a part at least: rows lie together in granules
	// of about as many, which can be read or can't.
	readAtOnce = 8192
)

// salvage stores the rows of a part again that can be read, and says how many
// can't. It halves the range until the damage is alone. The tables tell rows that
// come again from new ones by their identity.
func (s *Store) salvage(ctx context.Context, p *Loss, from, to uint64) (lost uint64, err error) {
	err = s.conn.Exec(careful(ctx), fmt.Sprintf("INSERT INTO %[1]s SELECT * FROM %[1]s WHERE _part = $1 AND _part_offset >= %[2]d AND _part_offset < %[3]d",
		p.Table, from, to), p.Part)
	switch {
	case err == nil:
		return 0, nil
	case !isUnreadable(err):
		return 0, err
	case to-from <= readAtOnce:
		return to - from, nil
	}
	// Ranges end where granules do.
	middle := from + max((to-from)/2/readAtOnce, 1)*readAtOnce
	before, err := s.salvage(ctx, p, from, middle)
	if err != nil {
		return 0, err
	}
	after, err := s.salvage(ctx, p, middle, to)
	return before + after, err
}

// DamageSeen counts the errors about unreadable parts that anybody had since the
// server started.
func (s *Store) DamageSeen(ctx context.Context) (n uint64, err error) {
	names := make([]string, 0, len(unreadable))
	for _, name := range unreadable {
		names = append(names, name)
	}
	if err := s.conn.QueryRow(ctx, "SELECT sum(value) FROM system.errors WHERE name IN ($1)", names).Scan(&n); err != nil {
		return 0, fmt.Errorf("ask for errors about damaged parts: %w", err)
	}
	return n, nil
}

// PartsAside counts the detached parts of each table, whoever detached them: we,
// or the server when it started.
func (s *Store) PartsAside(ctx context.Context) (map[string]uint64, error) {
	rows, err := s.conn.Query(ctx, "SELECT table, count() FROM system.detached_parts WHERE database = currentDatabase() GROUP BY table")
	if err != nil {
		return nil, fmt.Errorf("list detached parts: %w", err)
	}
	defer func() { _ = rows.Close() }()
	parts := map[string]uint64{}
	for rows.Next() {
		var table string
		var n uint64
		if err := rows.Scan(&table, &n); err != nil {
			return nil, fmt.Errorf("list detached parts: %w", err)
		}
		parts[table] = n
	}
	return parts, rows.Err()
}
