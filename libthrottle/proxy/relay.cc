#include "libthrottle/proxy/relay.h"
