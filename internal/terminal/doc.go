// Package terminal is the only way to a terminal: what is written there cannot
// move the cursor, hide text or turn it round, whoever sent it.
//
// Names, titles and errors come from whoever may send an event, and people read
// them with cat, less and in logs. So every text passes a Writer, which turns
// control and direction characters into visible escapes (\u001b). The form is
// JSON's own, so that JSON that passes through it stays the same document. Only
// line feeds, tabs and this product's own colours (Paint) remain.
package terminal
