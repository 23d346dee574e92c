package otlpwire

// The fields of opentelemetry/proto/trace/v1/trace.proto, common.proto and
// resource.proto, each with its wire type.
const (
	tracesResourceSpans = 1<<3 | isBytes

	resourceSpansResource = 1<<3 | isBytes
	resourceSpansScope    = 2<<3 | isBytes
	resourceSpansSchema   = 3<<3 | isBytes

	resourceAttribute = 1<<3 | isBytes

	scopeSpansScope  = 1<<3 | isBytes
	scopeSpansSpan   = 2<<3 | isBytes
	scopeSpansSchema = 3<<3 | isBytes

	scopeName      = 1<<3 | isBytes
	scopeVersion   = 2<<3 | isBytes
	scopeAttribute = 3<<3 | isBytes

	spanTraceID   = 1<<3 | isBytes
	spanID        = 2<<3 | isBytes
	spanState     = 3<<3 | isBytes
	spanParentID  = 4<<3 | isBytes
	spanName      = 5<<3 | isBytes
	spanKind      = 6<<3 | isVarint
	spanStart     = 7<<3 | isFixed64
	spanEnd       = 8<<3 | isFixed64
	spanAttribute = 9<<3 | isBytes
	spanEvent     = 11<<3 | isBytes
	spanLink      = 13<<3 | isBytes
	spanStatus    = 15<<3 | isBytes

	eventTime      = 1<<3 | isFixed64
	eventName      = 2<<3 | isBytes
	eventAttribute = 3<<3 | isBytes

	linkState     = 3<<3 | isBytes
	linkAttribute = 4<<3 | isBytes

	statusMessage = 2<<3 | isBytes
	statusCode    = 3<<3 | isVarint

	keyValueKey   = 1<<3 | isBytes
	keyValueValue = 2<<3 | isBytes

	valueString = 1<<3 | isBytes
	valueBool   = 2<<3 | isVarint
	valueInt    = 3<<3 | isVarint
	valueDouble = 4<<3 | isFixed64
	valueArray  = 5<<3 | isBytes
	valueMap    = 6<<3 | isBytes
	valueBytes  = 7<<3 | isBytes

	// Both kinds of list have but one field.
	listElement = 1<<3 | isBytes
)
