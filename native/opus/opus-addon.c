/*
 * Opus for Node: an encoder and a decoder of mono sound over libopus.
 * What npm's packages lack and this has: concealment of an exact length, and decoding of the in-band copy
 * of a lost packet (RFC 6716, section 2.1.7).
 *
 *   encoderCreate(sampleRate, bitrate, complexity, lossPercent) -> encoder
 *   encode(encoder, Int16Array in, Uint8Array out) -> bytes
 *   decoderCreate(sampleRate) -> decoder
 *   decode(decoder, Uint8Array | null packet, Int16Array out, samples, recover) -> samples
 *       packet null: conceals `samples`; recover: takes the copy of the packet before `packet`
 *   reset(coder), destroy(coder), version() -> string
 *
 * Arguments come from one TypeScript file of the house. They are checked all the same: a wrong one throws,
 * and never reads or writes outside of an array.
 */
#include <node_api.h>
#include <opus.h>
#include <stdbool.h>
#include <stdlib.h>

enum kind { ENCODER = 0x0e5c0de5, DECODER = 0x0dec0de5 };

/* What a JavaScript `external` points to. The state is gone after destroy(), the struct with its collection. */
struct coder {
  enum kind kind;
  void *state;
};

static void release(struct coder *coder) {
  if (coder->state == NULL) return;
  if (coder->kind == ENCODER) opus_encoder_destroy(coder->state);
  else opus_decoder_destroy(coder->state);
  coder->state = NULL;
}

static void collect(napi_env env, void *data, void *hint) {
  (void)env, (void)hint;
  release(data);
  free(data);
}

static napi_value fail(napi_env env, const char *code, const char *message) {
  napi_throw_error(env, code, message);
  return NULL;
}

static napi_value fail_opus(napi_env env, int error) {
  return fail(env, error == OPUS_INVALID_PACKET ? "opus_invalid" : "opus_failed", opus_strerror(error));
}

static napi_value fail_argument(napi_env env) { return fail(env, "opus_failed", "wrong argument"); }

static bool arguments(napi_env env, napi_callback_info info, size_t expected, napi_value *values) {
  size_t count = expected;
  return napi_get_cb_info(env, info, &count, values, NULL, NULL) == napi_ok && count >= expected;
}

/* The coder behind an external, or NULL when it is something else or destroyed. */
static struct coder *coder_of(napi_env env, napi_value value) {
  napi_valuetype type;
  void *data;
  if (napi_typeof(env, value, &type) != napi_ok || type != napi_external) return NULL;
  if (napi_get_value_external(env, value, &data) != napi_ok || data == NULL) return NULL;
  struct coder *coder = data;
  return (coder->kind == ENCODER || coder->kind == DECODER) && coder->state != NULL ? coder : NULL;
}

static void *state_of(napi_env env, napi_value value, enum kind kind) {
  struct coder *coder = coder_of(env, value);
  return coder != NULL && coder->kind == kind ? coder->state : NULL;
}

static bool array_of(napi_env env, napi_value value, napi_typedarray_type wanted, void **data, size_t *length) {
  bool is_array = false;
  napi_typedarray_type type;
  if (napi_is_typedarray(env, value, &is_array) != napi_ok || !is_array) return false;
  return napi_get_typedarray_info(env, value, &type, length, data, NULL, NULL) == napi_ok && type == wanted;
}

static napi_value wrap(napi_env env, enum kind kind, void *state) {
  struct coder *coder = malloc(sizeof *coder);
  napi_value value;
  if (coder == NULL) abort();
  coder->kind = kind;
  coder->state = state;
  if (napi_create_external(env, coder, collect, NULL, &value) != napi_ok) {
    collect(env, coder, NULL);
    return fail(env, "opus_failed", "no external");
  }
  return value;
}

static napi_value number(napi_env env, int value) {
  napi_value result;
  return napi_create_int32(env, value, &result) == napi_ok ? result : NULL;
}

static napi_value encoder_create(napi_env env, napi_callback_info info) {
  napi_value values[4];
  int numbers[4], error;
  if (!arguments(env, info, 4, values)) return fail_argument(env);
  for (int i = 0; i < 4; i++)
    if (napi_get_value_int32(env, values[i], &numbers[i]) != napi_ok) return fail_argument(env);

  OpusEncoder *encoder = opus_encoder_create(numbers[0], 1, OPUS_APPLICATION_VOIP, &error);
  if (error != OPUS_OK) return fail_opus(env, error);
  if ((error = opus_encoder_ctl(encoder, OPUS_SET_BITRATE(numbers[1]))) != OPUS_OK ||
      (error = opus_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(numbers[2]))) != OPUS_OK ||
      (error = opus_encoder_ctl(encoder, OPUS_SET_INBAND_FEC(numbers[3] > 0))) != OPUS_OK ||
      (error = opus_encoder_ctl(encoder, OPUS_SET_PACKET_LOSS_PERC(numbers[3]))) != OPUS_OK ||
      (error = opus_encoder_ctl(encoder, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE))) != OPUS_OK) {
    opus_encoder_destroy(encoder);
    return fail_opus(env, error);
  }
  return wrap(env, ENCODER, encoder);
}

static napi_value decoder_create(napi_env env, napi_callback_info info) {
  napi_value values[1];
  int rate, error;
  if (!arguments(env, info, 1, values) || napi_get_value_int32(env, values[0], &rate) != napi_ok)
    return fail_argument(env);
  OpusDecoder *decoder = opus_decoder_create(rate, 1, &error);
  return error == OPUS_OK ? wrap(env, DECODER, decoder) : fail_opus(env, error);
}

static napi_value encode(napi_env env, napi_callback_info info) {
  napi_value values[3];
  void *in, *out;
  size_t in_length, out_length;
  if (!arguments(env, info, 3, values)) return fail_argument(env);
  OpusEncoder *encoder = state_of(env, values[0], ENCODER);
  if (encoder == NULL || !array_of(env, values[1], napi_int16_array, &in, &in_length) ||
      !array_of(env, values[2], napi_uint8_array, &out, &out_length) || in_length > 5760 || out_length > 65536)
    return fail_argument(env);
  int bytes = opus_encode(encoder, in, (int)in_length, out, (opus_int32)out_length);
  return bytes < 0 ? fail_opus(env, bytes) : number(env, bytes);
}

static napi_value decode(napi_env env, napi_callback_info info) {
  napi_value values[5];
  napi_valuetype type;
  void *packet = NULL, *out;
  size_t packet_length = 0, out_length;
  int samples;
  bool recover;
  if (!arguments(env, info, 5, values)) return fail_argument(env);
  OpusDecoder *decoder = state_of(env, values[0], DECODER);
  if (decoder == NULL || napi_typeof(env, values[1], &type) != napi_ok ||
      (type != napi_null && !array_of(env, values[1], napi_uint8_array, &packet, &packet_length)) ||
      !array_of(env, values[2], napi_int16_array, &out, &out_length) ||
      napi_get_value_int32(env, values[3], &samples) != napi_ok || samples < 0 || (size_t)samples > out_length ||
      napi_get_value_bool(env, values[4], &recover) != napi_ok || packet_length > 65536)
    return fail_argument(env);
  /* An empty array is not a request to conceal. */
  if (type != napi_null && packet_length == 0) return fail_opus(env, OPUS_INVALID_PACKET);
  int decoded = opus_decode(decoder, packet, (opus_int32)packet_length, out, samples, recover);
  return decoded < 0 ? fail_opus(env, decoded) : number(env, decoded);
}

static napi_value reset(napi_env env, napi_callback_info info) {
  napi_value values[1];
  if (!arguments(env, info, 1, values)) return fail_argument(env);
  struct coder *coder = coder_of(env, values[0]);
  if (coder == NULL) return fail_argument(env);
  if (coder->kind == ENCODER) opus_encoder_ctl(coder->state, OPUS_RESET_STATE);
  else opus_decoder_ctl(coder->state, OPUS_RESET_STATE);
  return NULL;
}

static napi_value destroy(napi_env env, napi_callback_info info) {
  napi_value values[1];
  if (!arguments(env, info, 1, values)) return fail_argument(env);
  struct coder *coder = coder_of(env, values[0]);
  if (coder != NULL) release(coder);
  return NULL;
}

static napi_value version(napi_env env, napi_callback_info info) {
  napi_value result;
  (void)info;
  return napi_create_string_utf8(env, opus_get_version_string(), NAPI_AUTO_LENGTH, &result) == napi_ok ? result : NULL;
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {"encoderCreate", NULL, encoder_create, NULL, NULL, NULL, napi_enumerable, NULL},
      {"decoderCreate", NULL, decoder_create, NULL, NULL, NULL, napi_enumerable, NULL},
      {"encode", NULL, encode, NULL, NULL, NULL, napi_enumerable, NULL},
      {"decode", NULL, decode, NULL, NULL, NULL, napi_enumerable, NULL},
      {"reset", NULL, reset, NULL, NULL, NULL, napi_enumerable, NULL},
      {"destroy", NULL, destroy, NULL, NULL, NULL, napi_enumerable, NULL},
      {"version", NULL, version, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  return exports;
}
