// Package verify tests everything under deploy and docker-compose.yml with the
// tools that will read it: the compose library, Helm, the Kubernetes types, a
// real nats-server, the image's file system under chroot. It is a module of its
// own so that their dependencies stay out of the product's.
package verify
