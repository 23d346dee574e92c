package config

import (
	"fmt"

	"github.com/goccy/go-yaml"

	"github.com/fivekeys/fivekeys/schemas"
)

// The shapes that Write writes and Parse reads.
type (
	writtenFile struct {
		Services []writtenService `yaml:"services"`
	}
	writtenService struct {
		Name              string              `yaml:"name"`
		Team              string              `yaml:"team,omitempty"`
		Repositories      []writtenRepository `yaml:"repositories,omitempty"`
		Aliases           []string            `yaml:"aliases,omitempty"`
		Production        []string            `yaml:"production,omitempty"`
		Deployed          *writtenDeployed    `yaml:"deployed,omitempty"`
		IncidentLabels    []string            `yaml:"incident_labels,omitempty"`
		HotfixLabels      []string            `yaml:"hotfix_labels,omitempty"`
		HotfixBranches    []string            `yaml:"hotfix_branches,omitempty"`
		AttributionWindow string              `yaml:"attribution_window,omitempty"`
		BurnAttribution   *bool               `yaml:"burn_attribution,omitempty"`
	}
	writtenRepository struct {
		Name  string   `yaml:"name"`
		Paths []string `yaml:"paths,omitempty"`
	}
	writtenDeployed struct {
		By          string `yaml:"by"`
		Workflow    string `yaml:"workflow,omitempty"`
		Tags        string `yaml:"tags,omitempty"`
		Environment string `yaml:"environment,omitempty"`
	}
)

// Write gives the services of a catalogue as a file that Parse reads back.
func Write(catalog *schemas.Catalog) ([]byte, error) {
	var file writtenFile
	for _, s := range catalog.Services {
		w := writtenService{
			Name: s.Name, Team: s.Team, Aliases: s.Aliases, Production: s.Production, IncidentLabels: s.IncidentLabels,
			HotfixLabels: s.HotfixLabels, HotfixBranches: s.HotfixBranches, BurnAttribution: s.BurnAttribution,
		}
		for _, r := range s.Repositories {
			w.Repositories = append(w.Repositories, writtenRepository(r))
		}
		if d := s.Deployed; d.By != "" {
			w.Deployed = &writtenDeployed{By: string(d.By), Workflow: d.Workflow, Tags: d.Tags, Environment: d.Environment}
		}
		if s.AttributionWindow > 0 {
			w.AttributionWindow = s.AttributionWindow.String()
		}
		file.Services = append(file.Services, w)
	}
	text, err := yaml.Marshal(file)
	if err != nil {
		return nil, fmt.Errorf("write configuration: %w", err)
	}
	return text, nil
}
