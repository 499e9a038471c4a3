#include "libthrottle/core/address.h"
