// Package ecs stands in for Traefik's provider of Amazon ECS, whose SDKs are a quarter of its code.
package ecs

import (
	"errors"

	"github.com/traefik/traefik/v3/pkg/config/dynamic"
	"github.com/traefik/traefik/v3/pkg/safe"
)

// Provider cannot be used; it is there because Traefik's configuration has a place for it.
type Provider struct{}

// Init refuses to start.
func (p *Provider) Init() error {
	return errors.New("the ECS provider is left out of this build")
}

// Provide provides nothing.
func (p *Provider) Provide(chan<- dynamic.Message, *safe.Pool) error {
	return nil
}
