#include "libthrottle/proxy/proxy_header.h"
