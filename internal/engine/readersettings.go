package engine

import (
	"maps"
	"slices"
)

// The reader's bounds: an analyst's query must not take the machine away from
// the pipeline. Shorter ones (Grafana sets its own time limit) are kept.
const (
	readerSeconds    = 120
	readerResultRows = 5_000_000
	readerThreads    = 2
	readerBlockRows  = 1 << 18
)

// readerSettings are all that the reader may change with a request: how results
// are written, how a statement means what it says, and bounds, which it may
// only tighten. A number is the highest value; 0 stands for a setting without
// one. What reads files (format_schema and the format_template ones), holds SQL
// in a text (additional_table_filters) or protects the engine (max_parser_depth)
// is not among them.
var readerSettings = map[string]float64{
	"max_execution_time": readerSeconds, "max_result_rows": readerResultRows, "max_threads": readerThreads,
	"max_block_size": readerBlockRows, "preferred_block_size_bytes": 0, "max_memory_usage": 0, "max_result_bytes": 0, "max_rows_to_read": 0, "max_bytes_to_read": 0,
	"max_rows_in_join": 0, "max_bytes_in_join": 0, "max_rows_to_group_by": 0, "max_rows_to_sort": 0, "max_rows_in_distinct": 0,
	"result_overflow_mode": 0, "timeout_overflow_mode": 0, "read_overflow_mode": 0, "group_by_overflow_mode": 0,
	"sort_overflow_mode": 0, "distinct_overflow_mode": 0, "join_overflow_mode": 0,

	"limit": 0, "offset": 0, "extremes": 0, "totals_mode": 0, "session_timezone": 0, "use_client_time_zone": 0,
	"join_use_nulls": 0, "group_by_use_nulls": 0, "transform_null_in": 0, "union_default_mode": 0, "except_default_mode": 0,
	"intersect_default_mode": 0, "aggregate_functions_null_for_empty": 0, "prefer_column_name_to_alias": 0, "cast_keep_nullable": 0,
	"join_default_strictness": 0, "any_join_distinct_right_table_keys": 0, "empty_result_for_aggregation_by_empty_set": 0,
	"date_time_input_format": 0, "date_time_output_format": 0, "format_csv_delimiter": 0, "format_csv_null_representation": 0,
	"format_tsv_null_representation": 0, "bool_true_representation": 0, "bool_false_representation": 0,
	"log_queries": 0, "send_logs_level": 0, "cancel_http_readonly_queries_on_client_close": 0, "http_headers_progress_interval_ms": 0,
	"input_format_null_as_default": 0, "input_format_skip_unknown_fields": 0, "enable_positional_arguments": 0,

	"output_format_json_quote_64bit_integers": 0, "output_format_json_quote_64bit_floats": 0, "output_format_json_quote_denormals": 0,
	"output_format_json_quote_decimals": 0, "output_format_json_escape_forward_slashes": 0, "output_format_json_named_tuples_as_objects": 0,
	"output_format_json_array_of_rows": 0, "output_format_json_validate_utf8": 0, "output_format_json_skip_null_value_in_named_tuples": 0,
	"output_format_write_statistics": 0, "output_format_decimal_trailing_zeros": 0, "output_format_csv_crlf_end_of_line": 0,
	"output_format_tsv_crlf_end_of_line": 0, "output_format_native_encode_types_in_binary_format": 0,
	"output_format_native_write_json_as_string": 0, "output_format_binary_write_json_as_string": 0,
	"output_format_binary_encode_types_in_binary_format": 0, "output_format_parquet_string_as_string": 0,
	"output_format_parquet_compression_method": 0, "output_format_parquet_version": 0, "output_format_parquet_row_group_size": readerBlockRows * 4,
	"output_format_arrow_string_as_string": 0, "output_format_arrow_compression_method": 0,
	"output_format_arrow_low_cardinality_as_dictionary": 0, "output_format_pretty_color": 0, "output_format_pretty_row_numbers": 0,
	"output_format_pretty_max_rows": 0, "output_format_pretty_max_column_pad_width": 0, "output_format_pretty_max_value_width": 0,
	"output_format_pretty_grid_charset": 0,
}

// ReaderSettings are the names of the settings that the reader may change, in
// order.
func ReaderSettings() []string { return slices.Sorted(maps.Keys(readerSettings)) }
