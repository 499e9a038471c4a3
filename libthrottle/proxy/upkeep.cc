#include "libthrottle/proxy/upkeep.h"
