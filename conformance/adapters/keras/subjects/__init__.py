"""What a case may be about beside a model: functions on arrays, and objects with a memory."""
