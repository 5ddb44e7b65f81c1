// To be preloaded: says that another CPython runs than the one that does.

extern "C" const unsigned long Py_Version; // as CPython declares it
const unsigned long Py_Version = PYACTOR_OTHER_VERSION;
