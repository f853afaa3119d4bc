"""The engine for a stream: the verdicts of the finished log, each as soon as nothing can change it any more."""
