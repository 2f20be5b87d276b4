"""Options, settings, hooks and fixtures: what pytest loads when the plugin is installed."""
