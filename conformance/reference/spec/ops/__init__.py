"""keras.ops: functions, by the modules of keras.src.ops."""
