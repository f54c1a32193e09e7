"""The JSON API of people and sharing, for any queryset of guarded objects; `project.api` puts it together."""
