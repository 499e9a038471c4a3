#include "libthrottle/core/lease_ledger.h"
