"""The command line. `main.main` is the entry point; each module beside it holds a command group."""
