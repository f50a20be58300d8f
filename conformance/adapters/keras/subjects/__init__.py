"""What a case may be about beside a model: functions called on arrays, and objects with a memory."""
