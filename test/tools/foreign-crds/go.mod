// Whose CRDs the manifests are checked against: their modules hold them as YAML. Nothing of their code is used.
module jwt-injector/foreign-crds

go 1.26.0

require (
	github.com/cert-manager/cert-manager v1.21.2
	github.com/prometheus-operator/prometheus-operator v0.85.0
)
