# placeholder until the runtime room lands
set(ONNXRuntime_FOUND FALSE)
