{{/* Name of the chart, as a label. */}}
{{- define "parley.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Prefix of every object's name. */}}
{{- define "parley.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- default $full .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- end }}

{{/* Name of the operator's Deployment, Service, Lease and PodDisruptionBudget. */}}
{{- define "parley.operator" -}}
{{ include "parley.fullname" . }}-operator
{{- end }}

{{- define "parley.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "parley.operator" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name is needed where serviceAccount.create is false" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "parley.selectorLabels" -}}
app.kubernetes.io/name: {{ include "parley.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end }}

{{- define "parley.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "parley.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "parley.image" -}}
{{- with .Values.image }}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end }}
{{- end }}
{{- end }}

{{/* A command of the operator's own image on a read-only root, as the restricted Pod Security level asks. */}}
{{- define "parley.containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
{{- end }}

{{- define "parley.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "parley.affinity" -}}
{{- if .Values.affinity }}
{{- toYaml .Values.affinity }}
{{- else -}}
podAntiAffinity:
  preferredDuringSchedulingIgnoredDuringExecution:
    - weight: 100
      podAffinityTerm:
        topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels:
            {{- include "parley.selectorLabels" . | nindent 12 }}
{{- end }}
{{- end }}

{{/* A constraint that selects no pods spreads none: where it says nothing, it is the operator's own that count. */}}
{{- define "parley.spread" -}}
{{- $own := dict "matchLabels" (include "parley.selectorLabels" . | fromYaml) }}
{{- $constraints := list }}
{{- range .Values.topologySpreadConstraints }}
{{- $constraints = append $constraints (hasKey . "labelSelector" | ternary . (set (deepCopy .) "labelSelector" $own)) }}
{{- end }}
{{- toYaml $constraints }}
{{- end }}

{{/* The gateway release that belongs to this operator: the first two numbers of its own version. */}}
{{- define "parley.gatewayImage" -}}
{{ .Values.gateway.image.repository }}:{{ regexFind "^[0-9]+[.][0-9]+" .Chart.AppVersion }}
{{- end }}

{{/* Where the test of `helm test` runs: a namespace that the operator serves. */}}
{{- define "parley.testNamespace" -}}
{{- $served := .Values.watchNamespaces }}
{{- $default := ternary .Release.Namespace (first (append $served "")) (or (not $served) (has .Release.Namespace $served)) }}
{{- default $default .Values.tests.conversation.namespace }}
{{- end }}

{{- define "parley.test" -}}
{{ include "parley.fullname" . }}-conversation
{{- end }}

{{- define "parley.testLabels" -}}
app.kubernetes.io/name: {{ include "parley.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: test
{{- end }}
