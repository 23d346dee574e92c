package engine

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// exception is an error as ClickHouse states it: a code, a symbolic name and a
// message. Drivers read it back from the response as *clickhouse.Exception.
type exception struct {
	code    int
	name    string
	message string
}

func (e *exception) Error() string {
	return fmt.Sprintf("Code: %d. DB::Exception: %s. (%s)", e.code, strings.TrimRight(e.message, "."), e.name)
}

// ClickHouse's own error codes, for the refusals that are ours.
var (
	codeSyntax            = errorCode{62, "SYNTAX_ERROR"}
	codeReadOnly          = errorCode{164, "READONLY"}
	codeIntoOutfile       = errorCode{171, "INTO_OUTFILE_NOT_ALLOWED"}
	codeBadArguments      = errorCode{36, "BAD_ARGUMENTS"}
	codeTooLarge          = errorCode{307, "TOO_MANY_BYTES"}
	codeCannotRead        = errorCode{33, "CANNOT_READ_ALL_DATA"}
	codeCancelled         = errorCode{394, "QUERY_WAS_CANCELLED"}
	codeAccessDenied      = errorCode{497, "ACCESS_DENIED"}
	codeAuthentication    = errorCode{516, "AUTHENTICATION_FAILED"}
	codeUnknownCompressor = errorCode{89, "UNKNOWN_COMPRESSION_METHOD"}
	codeInternal          = errorCode{49, "LOGICAL_ERROR"}
	codeTooMany           = errorCode{202, "TOO_MANY_SIMULTANEOUS_QUERIES"}
	codeMemory            = errorCode{241, "MEMORY_LIMIT_EXCEEDED"}
)

type errorCode struct {
	code int
	name string
}

func (c errorCode) errorf(format string, args ...any) *exception {
	return &exception{code: c.code, name: c.name, message: fmt.Sprintf(format, args...)}
}

var (
	exceptionPrefix = regexp.MustCompile(`^Code: (\d+)\. DB::[A-Za-z:]*Exception: `)
	exceptionSuffix = regexp.MustCompile(`\s*\(([A-Z][A-Z0-9_]+)\)\s*$`)
	versionSuffix   = regexp.MustCompile(`\s*\(version [^()]*(\([^()]*\))?\)\.?\s*$`)
)

// exceptionFrom reads the engine's error text; "" is no error. Errors that pass
// several layers carry the prefix several times; one is kept.
func exceptionFrom(text string) error {
	if text == "" {
		return nil
	}
	e := &exception{code: codeInternal.code, name: codeInternal.name}
	text = strings.TrimPrefix(strings.TrimSpace(text), "Error: ")
	for {
		m := exceptionPrefix.FindStringSubmatch(text)
		if m == nil {
			break
		}
		e.code, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	text = versionSuffix.ReplaceAllString(text, "")
	for {
		m := exceptionSuffix.FindStringSubmatchIndex(text)
		if m == nil {
			break
		}
		e.name = text[m[2]:m[3]]
		text = versionSuffix.ReplaceAllString(strings.TrimRight(text[:m[0]], " "), "")
	}
	e.message = strings.TrimSpace(text)
	return e
}

// asException gives every error a code, so that each response can carry one.
func asException(err error) *exception {
	var e *exception
	if errors.As(err, &e) {
		return e
	}
	return codeInternal.errorf("%v", err)
}

// httpStatus maps codes to statuses the way ClickHouse's HTTP interface does.
func (e *exception) httpStatus() int {
	switch e.code {
	case codeAuthentication.code, 192 /* unknown user */, 193 /* wrong password */ :
		return http.StatusForbidden
	case codeAccessDenied.code:
		return http.StatusForbidden
	case 194: // required password
		return http.StatusUnauthorized
	case 6, 26, 27, 38, 41, 42, 43, 44, 47, 48, 50, 53, 57, 62, 63, 69, 70, 72, 107, 114, 115, 117, 130, 131, 141, 171, 179, 246, 354, 386, 427, 452, 457:
		return http.StatusBadRequest
	case codeBadArguments.code, codeUnknownCompressor.code, codeCannotRead.code:
		return http.StatusBadRequest
	case 46, 60, 81: // unknown function, table, database
		return http.StatusNotFound
	case codeTooLarge.code:
		return http.StatusRequestEntityTooLarge
	case 159: // timeout exceeded
		return http.StatusRequestTimeout
	case 202, 203: // too many simultaneous queries
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
