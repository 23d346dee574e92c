package engine

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The reader's statements are looked at as the engine's own parser understands
// them: EXPLAIN AST writes the tree of a statement, a node a line. What is named
// here may be in it, and nothing else. No text in a string becomes SQL then,
// because each table function that takes one is missing here.

// readerNodes are the kinds of nodes in a statement that only reads.
// ColumnsApplyTransformer is not among them, because the tree does not tell
// which function it applies.
var readerNodes = set(`SelectWithUnionQuery SelectIntersectExceptQuery SelectQuery ExpressionList Subquery WithElement
	TablesInSelectQuery TablesInSelectQueryElement TableExpression TableIdentifier TableJoin ArrayJoin SampleRatio
	Asterisk QualifiedAsterisk ColumnsRegexpMatcher ColumnsListMatcher QualifiedColumnsRegexpMatcher QualifiedColumnsListMatcher
	ColumnsTransformerList ColumnsExceptTransformer ColumnsReplaceTransformer ColumnsReplaceTransformer::Replacement
	Function Identifier Literal OrderByElement InterpolateElement WindowDefinition WindowListElement
	Explain DescribeQuery ShowTables ShowColumns ShowIndexes ShowFunctions UseQuery
	ShowCreateTableQuery ShowCreateViewQuery ShowCreateDatabaseQuery ShowCreateDictionaryQuery
	ExistsTableQuery ExistsViewQuery ExistsDatabaseQuery ExistsDictionaryQuery`)

// readerTableFunctions take no text that the engine would read as SQL, and reach
// nothing but what the same statement names.
var readerTableFunctions = set(`numbers numbers_mt zeros zeros_mt primes generate_series generateSeries view viewExplain SQLStandardValues`)

// shutFunctions reach outside the data, or tell of the machine.
var shutFunctions = set(`file catboostEvaluate filesystemAvailable filesystemCapacity filesystemUnreserved
	getServerSetting getMergeTreeSetting getMacro getServerPort tcpPort serverUUID buildId getOSKernelVersion getClientHTTPHeader
	showCertificate zookeeperSessionUptime addressToLine addressToLineWithInlines addressToSymbol demangle logTrace
	aiClassify aiEmbed aiExtract aiGenerate aiTranslate`)

// readerSystemTables are those by which drivers, Grafana and BI tools find their
// way. They tell what is in the database, nothing of the machine or of others.
var readerSystemTables = set(`aggregate_function_combinators collations columns data_skipping_indices data_type_families
	databases formats functions keywords licenses numbers numbers_mt one settings table_engines table_functions tables
	time_zones zeros zeros_mt`)

// set holds names in small letters: the engine knows many in either case.
func set(list string) map[string]bool {
	names := map[string]bool{}
	for _, name := range strings.Fields(list) {
		names[strings.ToLower(name)] = true
	}
	return names
}

const explainTree = "EXPLAIN AST "

// permit has the engine parse a reader's statement, and refuses what is not the
// reader's. The session is read-only by then.
func (s *session) permit(req *request) error {
	var r *result
	if err := s.call(func() { r = s.query(explainTree+req.text, "TSV", req.params...) }); err != nil {
		return err
	}
	defer r.free()
	if err := r.err(); err != nil {
		return unshifted(err)
	}
	w := wall{database: s.server.orders.Database, current: s.database, private: s.server.orders.Private}
	return w.check(string(r.bytes()))
}

var syntaxPosition = regexp.MustCompile(`failed at position (\d+)`)

// unshifted gives a syntax error the position in the reader's own text.
func unshifted(err error) error {
	e := asException(err)
	if m := syntaxPosition.FindStringSubmatchIndex(e.message); m != nil {
		if at, err := strconv.Atoi(e.message[m[2]:m[3]]); err == nil {
			e.message = e.message[:m[2]] + strconv.Itoa(max(at-len(explainTree), 1)) + e.message[m[3]:]
		}
	}
	return e
}

// wall is what the reader may name.
type wall struct {
	database string   // ours
	current  string   // the session's
	private  []string // tables of ours that only the writer reads
}

// treeLine is a node: its depth, its kind and what is said of it.
var treeLine = regexp.MustCompile(`^( *)([A-Za-z:]+)(.*)$`)

// check reads a tree. A quoted name with a line break may forge lines, and all
// that they could do is to have a statement refused: no line goes missing by it,
// a root is the first line, and a table function stands directly below its
// TableExpression.
func (w wall) check(tree string) error {
	var root, above string
	for i, line := range strings.Split(strings.TrimRight(tree, "\n"), "\n") {
		m := treeLine.FindStringSubmatch(line)
		if m == nil {
			return refused("This statement")
		}
		depth, kind, name := len(m[1]), m[2], strings.TrimSpace(m[3])
		for _, end := range []string{" (alias ", " (children ", "(children "} {
			name, _, _ = strings.Cut(name, end)
		}
		if i == 0 {
			root = kind
		}
		ownOptions := kind == "Set" && depth == 1 && root == "Explain"
		if !ownOptions {
			if err := w.checkNode(kind, name, above, i == 0); err != nil {
				return err
			}
		}
		above = kind
	}
	return nil
}

// checkNode sees one node, and the kind of the line above it.
func (w wall) checkNode(kind, name, above string, root bool) error {
	switch {
	case kind == "Set":
		return codeReadOnly.errorf("Cannot modify settings in readonly mode: the reader gives those it may change with the request, not in the statement")
	case kind == "ColumnsApplyTransformer":
		return refused("APPLY")
	case !readerNodes[strings.ToLower(kind)], kind == "Explain" && !root:
		return refused("This kind of statement (" + kind + ")")
	case kind == "Function" && (above == "TableExpression" || above == "Explain"):
		if !readerTableFunctions[strings.ToLower(name)] {
			return refused("The table function " + name)
		}
	case kind == "Function" && shutFunctions[strings.ToLower(name)]:
		return refused("The function " + name)
	case kind == "TableIdentifier":
		return w.checkRelation(name)
	case kind == "Identifier":
		return w.checkIdentifier(name)
	}
	return nil
}

// checkRelation takes a table's name apart. One without a database is of the
// session's, or what WITH introduces.
func (w wall) checkRelation(name string) error {
	database, table, qualified := strings.Cut(name, ".")
	if !qualified {
		database, table = w.current, name
	}
	switch {
	case database == w.database && !slices.Contains(w.private, table):
		return nil
	case strings.EqualFold(database, "information_schema"):
		return nil
	case database == "system" && readerSystemTables[table]:
		return nil
	}
	return refused("The table " + name)
}

// checkIdentifier is for the right side of IN, where a table looks like a column.
func (w wall) checkIdentifier(name string) error {
	if rest, ok := strings.CutPrefix(name, "system."); ok {
		table, _, _ := strings.Cut(rest, ".")
		return w.checkRelation("system." + table)
	}
	if slices.Contains(w.private, strings.TrimPrefix(name, w.database+".")) {
		return refused("The table " + name)
	}
	return nil
}

func refused(what string) error {
	return codeAccessDenied.errorf("%s is not allowed to the reader", what)
}
