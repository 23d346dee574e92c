package otlpwire

import (
	"encoding/binary"
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// ErrMalformed says that bytes are not protobuf, or not what they should be.
var ErrMalformed = errors.New("malformed OTLP protobuf")

// cursor walks over the fields of one message:
//
//	for c := at(message); c.next(); { switch c.tag { … c.body() … c.bits … } }
//
// and c.err afterwards. Comparing whole tags (number and wire type) makes a
// field of an unexpected type one of those nobody asks for.
//
// It keeps offsets and no slices: storing a pointer costs a write barrier, and
// there are fifty fields to a span.
type cursor struct {
	message []byte
	tag     uint64
	bits    uint64 // of a field that isn't length-delimited
	start   int    // where the field begins, with its tag
	content int    // where its bytes begin
	end     int    // where it ends and the next one begins
	err     error
}

func at(message []byte) cursor { return cursor{message: message} }

// body is a length-delimited field's bytes.
func (c *cursor) body() []byte { return c.message[c.content:c.end:c.end] }

// raw is the field with its tag and length.
func (c *cursor) raw() []byte { return c.message[c.start:c.end:c.end] }

// Tags are written field<<3 | wire type.
const (
	isVarint  = uint64(protowire.VarintType)
	isFixed64 = uint64(protowire.Fixed64Type)
	isBytes   = uint64(protowire.BytesType)
)

// next steps to the next field. Nearly all tags and lengths are one byte, which
// is why they are read here and not by protowire.
func (c *cursor) next() bool {
	b := c.message[c.end:]
	if len(b) == 0 || c.err != nil {
		return false
	}
	n := 1
	tag := uint64(b[0])
	if tag >= 0x80 {
		if tag, n = protowire.ConsumeVarint(b); n < 0 {
			return c.fail()
		}
	}
	if number := tag >> 3; number < uint64(protowire.MinValidNumber) || number > uint64(protowire.MaxValidNumber) {
		return c.fail()
	}
	c.tag = tag
	c.start = c.end
	switch tag & 7 {
	case isBytes:
		length, m := varint(b[n:])
		if m < 0 || length > uint64(len(b)-n-m) {
			return c.fail()
		}
		n += m
		c.content = c.start + n
		n += int(length)
	case isVarint:
		bits, m := varint(b[n:])
		if m < 0 {
			return c.fail()
		}
		c.bits = bits
		n += m
	case isFixed64:
		if len(b)-n < 8 {
			return c.fail()
		}
		c.bits = binary.LittleEndian.Uint64(b[n:])
		n += 8
	default:
		// Fixed32 and groups: there is nothing of that kind that we want.
		m := protowire.ConsumeFieldValue(protowire.Number(tag>>3), protowire.Type(tag&7), b[n:])
		if m < 0 {
			return c.fail()
		}
		n += m
	}
	c.end = c.start + n
	return true
}

func (c *cursor) fail() bool {
	c.err = ErrMalformed
	return false
}

// varint gives a negative length for a malformed one.
func varint(b []byte) (uint64, int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	return protowire.ConsumeVarint(b)
}
