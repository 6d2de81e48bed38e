#ifndef TESTS_SUPPORT_FAKECONTROL_H
#define TESTS_SUPPORT_FAKECONTROL_H

/* What Modal's control plane says over a fake wire when all is well.  A test
 * that wants another answer changes the words, or makes that one itself. */

#include <string.h>

#include "sandbox/modal-wire.h"

static struct {
	const char *token, *app, *volume, *builder, *image;
	bool builds; /* the image is not there before ImageJoinStreaming */
	const char *sandbox, *named; /* made; of the name that is taken */
	const char *task, *jwt, *worker;
	bool at_once; /* SandboxCreateV2 tells those, too */
} control_words = { .token = "eyJ.e30.x", .app = "ap-1", .volume = "vo-1",
	.builder = "2025.06", .image = "im-1", .sandbox = "sb-1",
	.named = "sb-0", .task = "ta-1", .jwt = "eyJ.key",
	.worker = "https://worker" };

#define WORD(name) ((char *)control_words.name)

static inline const void *
control_account(const char *rpc)
{
	static CLIENT(AuthTokenGetResponse) token = CLIENT_INIT(
	    AUTH_TOKEN_GET_RESPONSE);
	static CLIENT(AppGetOrCreateResponse) app = CLIENT_INIT(
	    APP_GET_OR_CREATE_RESPONSE);
	static CLIENT(VolumeGetOrCreateResponse) volume = CLIENT_INIT(
	    VOLUME_GET_OR_CREATE_RESPONSE);
	static CLIENT(EnvironmentGetOrCreateResponse) env = CLIENT_INIT(
	    ENVIRONMENT_GET_OR_CREATE_RESPONSE);
	static CLIENT(EnvironmentMetadata) data = CLIENT_INIT(
	    ENVIRONMENT_METADATA);
	static CLIENT(EnvironmentSettings) set = CLIENT_INIT(
	    ENVIRONMENT_SETTINGS);

	token.token = WORD(token);
	app.app_id = WORD(app);
	volume.volume_id = WORD(volume);
	set.image_builder_version = WORD(builder);
	data.settings = &set;
	env.metadata = &data;
	return strcmp(rpc, "AuthTokenGet") == 0 ? (void *)&token :
	    strcmp(rpc, "AppGetOrCreate") == 0 ? (void *)&app :
	    strcmp(rpc, "VolumeGetOrCreate") == 0 ? (void *)&volume :
	    strcmp(rpc, "EnvironmentGetOrCreate") == 0 ? (void *)&env : NULL;
}

static inline const void *
control_image(const char *rpc)
{
	static CLIENT(ImageGetOrCreateResponse) image = CLIENT_INIT(
	    IMAGE_GET_OR_CREATE_RESPONSE);
	static CLIENT(ImageJoinStreamingResponse) built = CLIENT_INIT(
	    IMAGE_JOIN_STREAMING_RESPONSE);
	static CLIENT(GenericResult) success = CLIENT_INIT(GENERIC_RESULT);

	success.status = RESULT(SUCCESS);
	image.image_id = WORD(image);
	image.result = control_words.builds ? NULL : &success;
	built.result = &success;
	return strcmp(rpc, "ImageGetOrCreate") == 0 ? (void *)&image :
	    strcmp(rpc, "ImageJoinStreaming") == 0 ? (void *)&built : NULL;
}

static inline const void *
control_sandbox(const char *rpc)
{
	static CLIENT(SandboxCreateV2Response) made = CLIENT_INIT(
	    SANDBOX_CREATE_V2_RESPONSE);
	static CLIENT(SandboxGetFromNameResponse) named = CLIENT_INIT(
	    SANDBOX_GET_FROM_NAME_RESPONSE);
	static CLIENT(SandboxGetTaskIdResponse) task = CLIENT_INIT(
	    SANDBOX_GET_TASK_ID_RESPONSE);
	static CLIENT(CommandRouterAccess) access = CLIENT_INIT(
	    COMMAND_ROUTER_ACCESS);
	static CLIENT(SandboxTerminateResponse) ended = CLIENT_INIT(
	    SANDBOX_TERMINATE_RESPONSE);

	made.sandbox_id = WORD(sandbox);
	made.task_id = control_words.at_once ? WORD(task) : (char *)"";
	made.command_router_access = control_words.at_once ? &access : NULL;
	named.sandbox_id = WORD(named);
	task.task_id = WORD(task);
	access.jwt = WORD(jwt);
	access.url = WORD(worker);
	return strcmp(rpc, "SandboxCreateV2") == 0 ? (void *)&made :
	    strcmp(rpc, "SandboxGetFromNameV2") == 0 ? (void *)&named :
	    strcmp(rpc, "SandboxGetTaskIdV2") == 0 ? (void *)&task :
	    strcmp(rpc, "SandboxGetCommandRouterAccess") == 0 ?
	    (void *)&access : strcmp(rpc, "SandboxTerminateV2") == 0 ?
	    (void *)&ended : NULL;
}

#undef WORD

/* The message that answers it, until the next; NULL: none is known. */
static inline const void *
control_says(const char *rpc)
{
	const void *m = control_account(rpc);

	if (m == NULL)
		m = control_image(rpc);
	return m != NULL ? m : control_sandbox(rpc);
}

#endif
