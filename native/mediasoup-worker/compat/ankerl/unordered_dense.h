// mediasoup names its hash containers by ankerl::unordered_dense, which Debian does not package. The standard containers
// have the same face; they are a little slower, which calls of one audio track do not notice.
#pragma once

#include <unordered_map>
#include <unordered_set>

namespace ankerl::unordered_dense
{
	template<typename Key>
	struct hash : std::hash<Key>
	{
	};

	template<typename Key, typename Value, typename... Rest>
	using map = std::unordered_map<Key, Value, Rest...>;

	template<typename Key, typename... Rest>
	using set = std::unordered_set<Key, Rest...>;
} // namespace ankerl::unordered_dense
