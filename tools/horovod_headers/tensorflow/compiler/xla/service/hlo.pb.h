#include "xla/service/hlo.pb.h"
