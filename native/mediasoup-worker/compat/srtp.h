// The part of libsrtp 3's face that mediasoup calls, over the system's libsrtp 2.
//
// Two things changed between the versions: a policy is an object with setters where it was a struct, and a packet is
// protected from one buffer into another, with the lengths as size_t, where it was changed in place. What libsrtp 3 has
// and 2 has not (Cryptex, MKI) is never asked for in a call of ours.
#pragma once

#include <srtp2/srtp.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

// Error codes that version 2 does not know. mediasoup only names them.
constexpr auto srtp_err_status_buffer_small = static_cast<srtp_err_status_t>(28);
constexpr auto srtp_err_status_cryptex_err  = static_cast<srtp_err_status_t>(29);

namespace srtp3
{
	// A policy and the memory of its key: libsrtp 2 keeps only a pointer to the key.
	struct Policy
	{
		::srtp_policy_t settings{};
		unsigned char key[SRTP_MAX_KEY_LEN]{};
	};

	using PolicyPointer = Policy*;

	inline srtp_err_status_t createPolicy(PolicyPointer* policy)
	{
		*policy = new Policy();

		return srtp_err_status_ok;
	}

	inline void destroyPolicy(PolicyPointer policy)
	{
		delete policy;
	}

	inline srtp_err_status_t setSsrc(PolicyPointer policy, srtp_ssrc_t ssrc)
	{
		policy->settings.ssrc = ssrc;

		return srtp_err_status_ok;
	}

	inline srtp_err_status_t setProfile(PolicyPointer policy, srtp_profile_t profile)
	{
		const auto status = srtp_crypto_policy_set_from_profile_for_rtp(&policy->settings.rtp, profile);

		if (status != srtp_err_status_ok)
		{
			return status;
		}

		return srtp_crypto_policy_set_from_profile_for_rtcp(&policy->settings.rtcp, profile);
	}

	// Version 2 takes the master key and the salt as one array. The last two arguments are the MKI.
	inline srtp_err_status_t addKey(
	  PolicyPointer policy,
	  const uint8_t* key,
	  size_t keyLength,
	  const uint8_t* salt,
	  size_t saltLength,
	  const uint8_t* /*mki*/,
	  size_t /*mkiLength*/)
	{
		if (keyLength + saltLength > sizeof(policy->key))
		{
			return srtp_err_status_bad_param;
		}

		std::memcpy(policy->key, key, keyLength);
		std::memcpy(policy->key + keyLength, salt, saltLength);
		policy->settings.key = policy->key;

		return srtp_err_status_ok;
	}

	inline srtp_err_status_t setAllowRepeat(PolicyPointer policy, bool allowed)
	{
		policy->settings.allow_repeat_tx = allowed;

		return srtp_err_status_ok;
	}

	inline srtp_err_status_t setWindowSize(PolicyPointer policy, size_t packets)
	{
		policy->settings.window_size = packets;

		return srtp_err_status_ok;
	}

	inline srtp_err_status_t createSession(srtp_t* session, PolicyPointer policy)
	{
		return ::srtp_create(session, &policy->settings);
	}

	// Runs one of libsrtp 2's in-place functions as version 3's from-to form. The caller's buffer for the answer must have
	// room for what the function adds (SRTP_MAX_TRAILER_LEN); mediasoup's has.
	template<typename InPlace>
	inline srtp_err_status_t fromTo(
	  InPlace inPlace, srtp_t session, const uint8_t* from, size_t fromLength, uint8_t* to, size_t* toLength)
	{
		if (*toLength < fromLength)
		{
			return srtp_err_status_buffer_small;
		}

		if (from != to)
		{
			std::memcpy(to, from, fromLength);
		}

		int length        = static_cast<int>(fromLength);
		const auto status = inPlace(session, to, &length);

		if (status == srtp_err_status_ok)
		{
			*toLength = static_cast<size_t>(length);
		}

		return status;
	}

	inline srtp_err_status_t protect(
	  srtp_t session, const uint8_t* from, size_t fromLength, uint8_t* to, size_t* toLength, size_t /*mkiIndex*/)
	{
		return fromTo(::srtp_protect, session, from, fromLength, to, toLength);
	}

	inline srtp_err_status_t protectRtcp(
	  srtp_t session, const uint8_t* from, size_t fromLength, uint8_t* to, size_t* toLength, size_t /*mkiIndex*/)
	{
		return fromTo(::srtp_protect_rtcp, session, from, fromLength, to, toLength);
	}

	inline srtp_err_status_t unprotect(
	  srtp_t session, const uint8_t* from, size_t fromLength, uint8_t* to, size_t* toLength)
	{
		return fromTo(::srtp_unprotect, session, from, fromLength, to, toLength);
	}

	inline srtp_err_status_t unprotectRtcp(
	  srtp_t session, const uint8_t* from, size_t fromLength, uint8_t* to, size_t* toLength)
	{
		return fromTo(::srtp_unprotect_rtcp, session, from, fromLength, to, toLength);
	}
} // namespace srtp3

// Version 3's names. They are macros because version 2 has functions of the same names with other arguments.
#define srtp_policy_t srtp3::PolicyPointer
#define srtp_policy_create srtp3::createPolicy
#define srtp_policy_destroy srtp3::destroyPolicy
#define srtp_policy_set_ssrc srtp3::setSsrc
#define srtp_policy_set_profile srtp3::setProfile
#define srtp_policy_add_key srtp3::addKey
#define srtp_policy_set_allow_repeat_tx srtp3::setAllowRepeat
#define srtp_policy_set_window_size srtp3::setWindowSize
#define srtp_create srtp3::createSession
#define srtp_protect srtp3::protect
#define srtp_protect_rtcp srtp3::protectRtcp
#define srtp_unprotect srtp3::unprotect
#define srtp_unprotect_rtcp srtp3::unprotectRtcp
#define srtp_stream_remove srtp_remove_stream
