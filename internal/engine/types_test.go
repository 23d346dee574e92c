package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// everyType is a row of every column type that fivekeys stores.
type everyType struct {
	Text    string            `ch:"text"`
	Word    string            `ch:"word"`
	U8      uint8             `ch:"u8"`
	U16     uint16            `ch:"u16"`
	U32     uint32            `ch:"u32"`
	U64     uint64            `ch:"u64"`
	I64     int64             `ch:"i64"`
	F64     float64           `ch:"f64"`
	Yes     bool              `ch:"yes"`
	Day     time.Time         `ch:"day"`
	At      time.Time         `ch:"at"`
	MaybeAt *time.Time        `ch:"maybe_at"`
	Maybe   *string           `ch:"maybe"`
	Floats  []float64         `ch:"floats"`
	Texts   []string          `ch:"texts"`
	Labels  map[string]string `ch:"labels"`
	State   string            `ch:"state"`
	ID      uuid.UUID         `ch:"id"`
	SHA     string            `ch:"sha"`
}

const everyTypeColumns = `
	text String, word LowCardinality(String), u8 UInt8, u16 UInt16, u32 UInt32, u64 UInt64, i64 Int64, f64 Float64,
	yes Bool, day Date, at DateTime64(3, 'UTC'), maybe_at Nullable(DateTime64(3, 'UTC')), maybe Nullable(String),
	floats Array(Float64), texts Array(String), labels Map(String, String),
	state Enum8('pending' = 0, 'success' = 1, 'failure' = 2), id UUID, sha FixedString(40)`

func everyTypeRows(n int) []everyType {
	rows := make([]everyType, n)
	for i := range rows {
		at := time.Date(2025, 10, 1, 12, 0, i%60, 123e6, time.UTC)
		text := fmt.Sprintf("Grüße \t\n'\"\\ %d", i)
		rows[i] = everyType{
			Text: text, Word: []string{"checkout", "search", ""}[i%3], U8: uint8(i), U16: uint16(i), U32: uint32(i), U64: 1<<63 + uint64(i),
			I64: -int64(i) << 40, F64: float64(i) / 3, Yes: i%2 == 0, Day: at.Truncate(24 * time.Hour), At: at,
			Floats: make([]float64, i%4), Texts: make([]string, i%3), Labels: map[string]string{},
			State: []string{"pending", "success", "failure"}[i%3], ID: uuid.NewSHA1(uuid.NameSpaceURL, []byte(text)),
			SHA: strings.Repeat(fmt.Sprintf("%x", i%16), 40),
		}
		for j := range rows[i].Floats {
			rows[i].Floats[j] = float64(i) + float64(j)/10
		}
		for j := range rows[i].Texts {
			rows[i].Texts[j] = strings.Repeat("ü", j)
			rows[i].Labels[fmt.Sprint(j)] = text
		}
		if i%2 == 1 {
			rows[i].Maybe, rows[i].MaybeAt = &rows[i].Text, &rows[i].At
		}
	}
	return rows
}

// compressions are all that clickhouse-go has.
var compressions = map[string]clickhouse.CompressionMethod{
	"none": clickhouse.CompressionNone, "lz4": clickhouse.CompressionLZ4, "lz4hc": clickhouse.CompressionLZ4HC, "zstd": clickhouse.CompressionZSTD,
	"gzip": clickhouse.CompressionGZIP, "deflate": clickhouse.CompressionDeflate, "br": clickhouse.CompressionBrotli,
}

func compressed(method clickhouse.CompressionMethod) func(*clickhouse.Options) {
	return func(o *clickhouse.Options) {
		o.Compression = &clickhouse.Compression{Method: method, Level: 3}
		o.Settings = clickhouse.Settings{"enable_http_compression": 1}
	}
}

func TestEveryColumnTypeSurvivesEveryCompression(t *testing.T) {
	e, ctx := shared(t), context.Background()
	want := everyTypeRows(3000) // several blocks of the stream
	for name, method := range compressions {
		t.Run(name, func(t *testing.T) {
			conn := open(t, e, writer, compressed(method))
			table := "types_" + name
			run(t, conn, "CREATE TABLE "+table+" ("+everyTypeColumns+") ENGINE = MergeTree ORDER BY u64")
			batch, err := conn.PrepareBatch(ctx, "INSERT INTO "+table)
			if err != nil {
				t.Fatal(err)
			}
			for i := range want {
				if err := batch.AppendStruct(&want[i]); err != nil {
					t.Fatal(err)
				}
			}
			if err := batch.Send(); err != nil {
				t.Fatal(err)
			}
			var got []everyType
			if err := conn.Select(ctx, &got, "SELECT * FROM "+table+" ORDER BY u64 SETTINGS max_block_size = 500"); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("rows differ (-want +got):\n%.2000s", diff)
			}
		})
	}
}

func TestDatabaseSQLInsertsAndReads(t *testing.T) {
	e, ctx := shared(t), context.Background()
	for name, method := range compressions {
		t.Run(name, func(t *testing.T) {
			options := e.ClientOptions(writer)
			compressed(method)(options)
			db := clickhouse.OpenDB(options)
			defer db.Close()
			if err := db.PingContext(ctx); err != nil {
				t.Fatal(err)
			}
			if _, err := db.ExecContext(ctx, "CREATE TABLE sql_"+name+" (service LowCardinality(String), at DateTime64(3, 'UTC'), seconds Array(Float64)) ENGINE = MergeTree ORDER BY at"); err != nil {
				t.Fatal(err)
			}
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			insert, err := tx.PrepareContext(ctx, "INSERT INTO sql_"+name)
			if err != nil {
				t.Fatal(err)
			}
			at := time.Date(2025, 10, 1, 0, 0, 0, 5e6, time.UTC)
			for i := range 100 {
				if _, err := insert.ExecContext(ctx, "checkout", at.Add(time.Duration(i)*time.Hour), []float64{float64(i), 0.5}); err != nil {
					t.Fatal(err)
				}
			}
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			var rows int
			var first time.Time
			var sum float64
			err = db.QueryRowContext(ctx, "SELECT count(), min(at), sum(seconds[1]) FROM sql_"+name+" WHERE service = ?", "checkout").Scan(&rows, &first, &sum)
			if err != nil {
				t.Fatal(err)
			}
			if rows != 100 || !first.Equal(at) || sum != 4950 {
				t.Fatalf("got %d rows from %s, sum %g", rows, first, sum)
			}
		})
	}
}
