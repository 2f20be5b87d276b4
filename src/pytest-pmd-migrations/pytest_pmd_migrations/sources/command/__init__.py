"""The source of an application that migrates by a command of its own, in whatever language."""
