"""Silent-churn phrases: patterns, the context that cancels them, and the risk that they and the model add up to."""
