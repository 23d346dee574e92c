package traces

import "github.com/fivekeys/fivekeys/schemas"

// checkout is a trace as a shop has them: 13 spans of 4 services. Payment is
// tried three times, the mail is sent after the answer.
func checkout() []schemas.Span {
	return []schemas.Span{
		span(1, 0, server, "web", "POST /checkout", 0, 845),
		span(2, 1, client, "web", "POST orders", 8, 820),
		span(3, 2, server, "orders", "POST /orders", 14, 815),
		to("postgres", span(4, 3, client, "orders", "SELECT carts", 20, 48)),
		failed(span(5, 3, client, "orders", "POST payments", 60, 264)),
		failed(span(6, 5, server, "payments", "POST /charges", 66, 262)),
		failed(span(7, 3, client, "orders", "POST payments", 310, 512)),
		failed(span(8, 7, server, "payments", "POST /charges", 314, 510)),
		span(9, 3, client, "orders", "POST payments", 560, 760),
		span(10, 9, server, "payments", "POST /charges", 565, 757),
		to("postgres", span(11, 3, client, "orders", "INSERT orders", 765, 798)),
		to("kafka", span(12, 3, producer, "orders", "orders publish", 800, 806)),
		to("kafka", span(13, 12, consumer, "mail", "orders process", 840, 1320)),
	}
}
