#include "libthrottle/proxy/dialer.h"
