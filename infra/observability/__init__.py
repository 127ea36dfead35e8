"""What an operator's Prometheus and Grafana load: configuration, rules, provisioning, dashboards (`dashboards` makes these)."""
