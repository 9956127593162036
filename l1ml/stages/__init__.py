"""What each stage of a build does. Each module has one function ``run(build, folder)``."""
