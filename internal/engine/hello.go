package engine

import (
	"github.com/ClickHouse/ch-go/proto"
)

// helloText is what clickhouse-go asks when it connects over HTTP.
const helloText = "SELECT displayName(), version(), revision(), timezone()"

// The engine writes the Native format at revision 0, whatever the client can
// read. The driver reads every later block at the revision it is told here, but
// this one block at the revision it asked for itself.
const nativeRevision = 0

func isHello(r *request) bool {
	return r.text == helloText && r.outputFormat() == "Native"
}

func (s *server) hello(out *response, req *request) error {
	var name, version, zone proto.ColStr
	var revision proto.ColUInt32
	name.Append(childName)
	version.Append(s.version)
	revision.Append(nativeRevision)
	zone.Append("UTC")
	input := proto.Input{
		{Name: "displayName()", Data: name},
		{Name: "version()", Data: version},
		{Name: "revision()", Data: revision},
		{Name: "timezone()", Data: zone},
	}
	var b proto.Buffer
	block := proto.Block{Info: proto.BlockInfo{BucketNum: -1}, Columns: len(input), Rows: 1}
	if err := block.EncodeBlock(&b, req.revision, input); err != nil {
		return codeInternal.errorf("encode hello: %v", err)
	}
	out.describe("Native")
	out.summary(progress{resultRows: 1})
	return out.write(b.Buf)
}
