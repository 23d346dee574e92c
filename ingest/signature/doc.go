// Package signature checks that a request comes from who it says: an HMAC over
// the raw body, or a token in a header.
//
// A source of webhooks picks one verifier and its header's spelling:
//
//	signature.NewHMAC("X-Hub-Signature-256", "sha256=", secrets)   GitHub, Jira
//	signature.NewHMAC("X-PagerDuty-Signature", "v1=", secrets)     several, by comma
//	signature.NewToken("X-Gitlab-Token", "", tokens)
//	signature.NewBearer(tokens)                                    Alertmanager, /v1/events
//
// Several secrets are active while one replaces another. None configured means
// that everything is refused: an open intake is never the default. Comparisons
// take the same time whether they fail early or late.
package signature
