#include "xla/shape.h"
