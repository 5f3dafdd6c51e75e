// Boost.JSON is used from its headers; this one file holds its compiled part, so nothing is linked
// at run time.
#include <boost/json/src.hpp>
