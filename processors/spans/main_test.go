package spans_test

import (
	"testing"

	"github.com/fivekeys/fivekeys/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.RunNATSIfAsked()
	testkit.Main(m)
}
