#include "libthrottle/core/duration.h"
