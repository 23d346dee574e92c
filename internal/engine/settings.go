package engine

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

// Limits that follow from the memory limit. They are shares, so that one
// number in the configuration moves them together.
const (
	defaultMemoryLimit = 1 << 30
	// minMemoryLimit is what the engine needs for a merge next to a query.
	minMemoryLimit = 256 << 20
	// queryMemoryShare of the limit is what one statement may take.
	queryMemoryShare = 0.75
	// readerMemoryShare is what all statements of readers may take together. The
	// other half is for the writer and for merges.
	readerMemoryShare = 0.5
	// resultMemoryShare of the limit bounds a result that has to be built in
	// memory, because its format is one document. The engine needs several times
	// its size while the text grows.
	resultMemoryShare = 1.0 / 16
)

// limits are what the reader and the materialised formats are held to.
type limits struct {
	memory, queryMemory, readerMemory, resultBytes uint64
}

func newLimits(memory uint64) limits {
	return limits{
		memory:       memory,
		queryMemory:  uint64(float64(memory) * queryMemoryShare),
		readerMemory: uint64(float64(memory) * readerMemoryShare),
		resultBytes:  uint64(float64(memory) * resultMemoryShare),
	}
}

// serverConfig tunes the engine for a small machine: caches and pools are an
// order of magnitude below a server's defaults, and every insert is synced,
// because an acknowledged event is dropped from the queue behind it.
var serverConfig = template.Must(template.New("config.xml").Parse(`<clickhouse>
  <users_config>{{.Users}}</users_config>
  <memory_worker_use_cgroup>false</memory_worker_use_cgroup>
  <max_server_memory_usage>{{.Memory}}</max_server_memory_usage>
  <mark_cache_size>33554432</mark_cache_size>
  <primary_index_cache_size>16777216</primary_index_cache_size>
  <index_mark_cache_size>8388608</index_mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <mmap_cache_size>128</mmap_cache_size>
  <query_condition_cache_size>8388608</query_condition_cache_size>
  <compiled_expression_cache_size>16777216</compiled_expression_cache_size>
  <max_thread_pool_size>500</max_thread_pool_size>
  <max_thread_pool_free_size>4</max_thread_pool_free_size>
  <max_io_thread_pool_size>16</max_io_thread_pool_size>
  <background_pool_size>2</background_pool_size>
  <background_schedule_pool_size>4</background_schedule_pool_size>
  <background_common_pool_size>2</background_common_pool_size>
  <max_active_parts_loading_thread_pool_size>4</max_active_parts_loading_thread_pool_size>
  <max_outdated_parts_loading_thread_pool_size>2</max_outdated_parts_loading_thread_pool_size>
  <max_parts_cleaning_thread_pool_size>2</max_parts_cleaning_thread_pool_size>
  <backups><allowed_path>{{.Backups}}</allowed_path></backups>
  <access_control_improvements>
    <table_engines_require_grant>true</table_engines_require_grant>
    <select_from_system_db_requires_grant>true</select_from_system_db_requires_grant>
    <select_from_information_schema_requires_grant>true</select_from_information_schema_requires_grant>
    <on_cluster_queries_require_cluster_grant>true</on_cluster_queries_require_cluster_grant>
  </access_control_improvements>
  <merge_tree>
    <fsync_after_insert>1</fsync_after_insert>
    <fsync_part_directory>1</fsync_part_directory>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>2</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_mutation>2</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>2</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
  </merge_tree>
</clickhouse>
`))

// usersConfig is the engine's own wall. The engine knows one user, so these
// grants hold for writer and reader alike: our database and the system tables
// that drivers and BI tools read. Without them any client could read files,
// fetch URLs or shut the process down. The row filter hides the statements of
// others (with the values in them) from the read-only role.
//
// By default a query gets another thread for each GiB that is free, which under
// our memory limit would leave every query with one thread.
var usersConfig = template.Must(template.New("users.xml").Parse(`<clickhouse>
  <profiles>
    <default>
      <async_insert>0</async_insert>
      <implicit_select>0</implicit_select>
      <allow_introspection_functions>0</allow_introspection_functions>
      <max_threads>{{.Threads}}</max_threads>
      <max_memory_usage>{{.QueryMemory}}</max_memory_usage>
      <max_untracked_memory>1048576</max_untracked_memory>
      <max_threads_min_free_memory_per_thread>134217728</max_threads_min_free_memory_per_thread>
      <constraints>
        <max_memory_usage><max>{{.QueryMemory}}</max></max_memory_usage>
        <async_insert><readonly/></async_insert>
        <allow_introspection_functions><readonly/></allow_introspection_functions>
      </constraints>
    </default>
  </profiles>
  <users>
    <default>
      <password></password>
      <networks><ip>::/0</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT SHOW, SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, CREATE DICTIONARY, DROP TABLE, DROP VIEW, DROP DICTIONARY, UNDROP TABLE, TRUNCATE, OPTIMIZE, BACKUP, dictGet, SYSTEM MERGES, SYSTEM TTL MERGES, SYSTEM VIEWS ON {{.Database}}.*</query>
        <query>GRANT CREATE TEMPORARY TABLE, SYSTEM RELOAD DICTIONARY ON *.*</query>
{{- range .Engines}}
        <query>GRANT TABLE ENGINE ON {{.}}</query>
{{- end}}
{{- range .SystemTables}}
        <query>GRANT SELECT ON {{.}}</query>
{{- end}}
      </grants>
      <databases>
        <system>
{{- range .Hidden}}
          <{{.}}><filter>getSetting('readonly') = 0</filter></{{.}}>
{{- end}}
          <settings><filter>getSetting('readonly') = 0 OR name IN ('readonly'{{range .ReaderSettings}}, '{{.}}'{{end}})</filter></settings>
        </system>
      </databases>
    </default>
  </users>
  <quotas><default></default></quotas>
</clickhouse>
`))

// tableEngines are those that keep their data in our folder.
var tableEngines = []string{
	"MergeTree", "ReplacingMergeTree", "SummingMergeTree", "AggregatingMergeTree", "CollapsingMergeTree",
	"VersionedCollapsingMergeTree", "CoalescingMergeTree", "Memory", "Null", "Set", "Join", "Buffer", "Merge",
	"Dictionary", "View", "MaterializedView", "Log", "TinyLog", "StripeLog", "Atomic",
}

// systemTables are those a driver, Grafana or a BI tool reads to find its way,
// and those the operator's own health panels need.
var systemTables = []string{
	"information_schema.*", "INFORMATION_SCHEMA.*",
	"system.aggregate_function_combinators", "system.asynchronous_metrics", "system.build_options", "system.collations",
	"system.columns", "system.data_skipping_indices", "system.data_type_families", "system.databases",
	"system.detached_parts", "system.dictionaries", "system.disks", "system.errors", "system.events", "system.formats",
	"system.functions", "system.keywords", "system.licenses", "system.merge_tree_settings", "system.merges",
	"system.metrics", "system.mutations", "system.numbers", "system.numbers_mt", "system.one", "system.parts",
	"system.parts_columns", "system.processes", "system.projections", "system.settings", "system.storage_policies",
	"system.table_engines", "system.table_functions", "system.tables", "system.time_zones", "system.view_refreshes",
	"system.warnings", "system.zeros", "system.zeros_mt",
}

// hiddenFromReader are the system tables of which the reader's statements see
// no row: the wall behind the one in wall.go.
func hiddenFromReader() (hidden []string) {
	for _, name := range systemTables {
		table, ok := strings.CutPrefix(name, "system.")
		if ok && !readerSystemTables[table] {
			hidden = append(hidden, table)
		}
	}
	return hidden
}

// writeSettings writes config.xml and users.xml for the engine and returns the
// path of the first.
func writeSettings(orders childOrders, l limits) (string, error) {
	dir := orders.DataDir
	config, users := filepath.Join(dir, "config.xml"), filepath.Join(dir, "users.xml")
	data := map[string]any{
		"Users": xmlText(users), "Backups": xmlText(filepath.Join(dir, "backups") + "/"),
		"Memory": l.memory, "QueryMemory": l.queryMemory, "Threads": max(orders.Threads, 1),
		"Database": orders.Database, "Engines": tableEngines, "SystemTables": systemTables,
		"Hidden": hiddenFromReader(), "ReaderSettings": ReaderSettings(),
	}
	for path, t := range map[string]*template.Template{config: serverConfig, users: usersConfig} {
		var b bytes.Buffer
		if err := t.Execute(&b, data); err != nil {
			return "", fmt.Errorf("write engine settings: %w", err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			return "", fmt.Errorf("write engine settings: %w", err)
		}
	}
	return config, nil
}

func xmlText(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a bytes.Buffer does not fail
	return b.String()
}
