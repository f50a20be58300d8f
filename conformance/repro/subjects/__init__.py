"""Scripts of cases that are no model: functions called on arrays, and objects with steps."""
