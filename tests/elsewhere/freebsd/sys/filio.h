#define FIONWRITE 1
