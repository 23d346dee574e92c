package verify

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

const chartDir = root + "/deploy/helm/fivekeys"

// minimal are the values without which the chart refuses to render.
func minimal() map[string]any {
	return map[string]any{
		"nats":       map[string]any{"url": "nats://nats:4222"},
		"clickhouse": map[string]any{"url": "clickhouse://fivekeys_writer@clickhouse:9000/fivekeys"},
		// It holds the span token, without which the intake does not start.
		"secretsName": "fivekeys-senders",
	}
}

func full() map[string]any {
	return map[string]any{
		"nats":             map[string]any{"url": "nats://nats:4222", "user": "fivekeys", "passwordSecret": "nats", "monitoring": "nats:8222"},
		"clickhouse":       map[string]any{"url": "clickhouse://w@ch:9000/fivekeys", "passwordSecret": "ch", "cluster": "fivekeys"},
		"secretsName":      "fivekeys-senders",
		"slos":             map[string]any{"checkout.yaml": "apiVersion: openslo/v1\nkind: SLO\n"},
		"config":           map[string]any{"services": []any{map[string]any{"name": "checkout", "team": "payments"}}, "minimum_sample": 7},
		"process":          map[string]any{"autoscaling": map[string]any{"enabled": true}},
		"ingress":          map[string]any{"enabled": true, "tlsSecret": "tls", "className": "nginx", "annotations": map[string]any{"a": "b"}},
		"podMonitor":       map[string]any{"enabled": true},
		"networkPolicy":    map[string]any{"from": []any{map[string]any{"namespaceSelector": map[string]any{}}}},
		"nodeSelector":     map[string]any{"disk": "ssd"},
		"tolerations":      []any{map[string]any{"operator": "Exists"}},
		"imagePullSecrets": []any{map[string]any{"name": "pull"}},
		"podAnnotations":   map[string]any{"x": "y"},
	}
}

func render(values map[string]any) (map[string]string, error) {
	chart, err := loader.Load(chartDir)
	if err != nil {
		return nil, err
	}
	if err := chartutil.ProcessDependencies(chart, values); err != nil {
		return nil, err
	}
	release := chartutil.ReleaseOptions{Name: "metrics", Namespace: "sre", IsInstall: true}
	all, err := chartutil.ToRenderValues(chart, values, release, chartutil.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	return engine.Render(chart, all)
}

func TestChartPassesHelmLint(t *testing.T) {
	for _, m := range lint.AllWithKubeVersion(chartDir, minimal(), "sre", nil).Messages {
		if m.Severity > support.InfoSev {
			t.Error(m.Error())
		}
	}
}

func TestChartRendersOnlyWhatKubernetesKnows(t *testing.T) {
	for name, values := range map[string]map[string]any{"minimal": minimal(), "full": full()} {
		t.Run(name, func(t *testing.T) {
			kinds := map[string]int{}
			for _, object := range objects(t, values) {
				kinds[object.kind]++
				into := object.empty()
				if into == nil {
					continue // a custom resource: KEDA's and Prometheus's own
				}
				if err := yaml.UnmarshalStrict([]byte(object.text), into); err != nil {
					t.Errorf("%s: %v\n%s", object.kind, err, object.text)
				}
				if d, ok := into.(*apps.Deployment); ok {
					checkDeployment(t, d)
				}
			}
			want := map[string]int{"Deployment": 2, "ConfigMap": 1, "Service": 1, "ServiceAccount": 1, "PodDisruptionBudget": 2, "NetworkPolicy": 1}
			if name == "full" {
				want["ConfigMap"], want["Ingress"], want["ScaledObject"], want["PodMonitor"] = 2, 1, 1, 1
			}
			if fmt.Sprint(kinds) != fmt.Sprint(want) {
				t.Errorf("rendered %v, want %v", kinds, want)
			}
		})
	}
}

func checkDeployment(t *testing.T, d *apps.Deployment) {
	t.Helper()
	pod := d.Spec.Template.Spec
	c := pod.Containers[0]
	switch {
	case pod.SecurityContext.RunAsNonRoot == nil || !*pod.SecurityContext.RunAsNonRoot:
		t.Errorf("%s may run as root", d.Name)
	case c.SecurityContext.ReadOnlyRootFilesystem == nil || !*c.SecurityContext.ReadOnlyRootFilesystem:
		t.Errorf("%s: its root file system is writable", d.Name)
	case c.LivenessProbe == nil || c.ReadinessProbe == nil || c.StartupProbe == nil:
		t.Errorf("%s lacks a probe", d.Name)
	}
	for key, value := range d.Spec.Selector.MatchLabels {
		if d.Spec.Template.Labels[key] != value {
			t.Errorf("%s does not select its own pods by %s", d.Name, key)
		}
	}
	mounted := map[string]bool{}
	for _, v := range pod.Volumes {
		mounted[v.Name] = true
	}
	for _, m := range c.VolumeMounts {
		if !mounted[m.Name] {
			t.Errorf("%s mounts %s, which is no volume", d.Name, m.Name)
		}
	}
}

// What the chart writes as fivekeys.yaml, the product accepts.
func TestChartsConfigurationIsOneOfOurs(t *testing.T) {
	for name, values := range map[string]map[string]any{"minimal": minimal(), "full": full()} {
		t.Run(name, func(t *testing.T) {
			for _, object := range objects(t, values) {
				var config core.ConfigMap
				if object.kind != "ConfigMap" || yaml.Unmarshal([]byte(object.text), &config) != nil || config.Data["fivekeys.yaml"] == "" {
					continue
				}
				path := filepath.Join(t.TempDir(), "fivekeys.yaml")
				if err := os.WriteFile(path, []byte(config.Data["fivekeys.yaml"]), 0o600); err != nil {
					t.Fatal(err)
				}
				run(t, binary, "check", path)
				return
			}
			t.Error("no configuration in the chart")
		})
	}
}

func TestChartRefusesValuesThatCannotWork(t *testing.T) {
	for name, spoil := range map[string]func(values map[string]any){
		"nothing at all":             func(v map[string]any) { clear(v) },
		"no NATS":                    func(v map[string]any) { delete(v, "nats") },
		"a NATS URL of no scheme":    func(v map[string]any) { v["nats"] = map[string]any{"url": "nats:4222"} },
		"no secret":                  func(v map[string]any) { delete(v, "secretsName") },
		"a misspelt key":             func(v map[string]any) { v["ingres"] = map[string]any{} },
		"scaling without monitoring": func(v map[string]any) { v["process"] = map[string]any{"autoscaling": map[string]any{"enabled": true}} },
	} {
		values := minimal()
		spoil(values)
		if _, err := render(values); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

type object struct{ kind, text string }

func (o object) empty() any {
	switch o.kind {
	case "Deployment":
		return &apps.Deployment{}
	case "ConfigMap":
		return &core.ConfigMap{}
	case "Service":
		return &core.Service{}
	case "ServiceAccount":
		return &core.ServiceAccount{}
	case "PodDisruptionBudget":
		return &policy.PodDisruptionBudget{}
	case "NetworkPolicy":
		return &networking.NetworkPolicy{}
	case "Ingress":
		return &networking.Ingress{}
	}
	return nil
}

func objects(t *testing.T, values map[string]any) []object {
	t.Helper()
	files, err := render(values)
	if err != nil {
		t.Fatal(err)
	}
	var found []object
	for name, text := range files {
		if filepath.Ext(name) != ".yaml" {
			continue
		}
		for part := range strings.SplitSeq(text, "\n---") {
			var head struct{ Kind string }
			if err := yaml.Unmarshal([]byte(part), &head); err != nil {
				t.Fatalf("%s: %v\n%s", name, err, part)
			}
			if head.Kind != "" {
				found = append(found, object{head.Kind, part})
			}
		}
	}
	return found
}
