#ifndef SANDBOX_MODAL_WIRE_H
#define SANDBOX_MODAL_WIRE_H

/* The messages of modal*.proto under shorter names, and their bytes.  The
 * only place that includes what protoc-c generates. */

#include <sandbox/modal-router.pb-c.h>

#include "base/buf.h"

#define CLIENT(m) Modal__Client__##m
#define CLIENT_INIT(M) MODAL__CLIENT__##M##__INIT
/* As CLIENT_INIT, where that would want braces. */
#define CLIENT_BEGIN(m) modal__client__##m##__init
#define CLIENT_DESC(m) (&modal__client__##m##__descriptor)
#define ROUTER(m) Modal__TaskCommandRouter__##m
#define ROUTER_INIT(M) MODAL__TASK_COMMAND_ROUTER__##M##__INIT
#define ROUTER_DESC(m) (&modal__task_command_router__##m##__descriptor)
#define CREATE_IF_MISSING \
	MODAL__CLIENT__OBJECT_CREATION_TYPE__OBJECT_CREATION_CREATE_IF_MISSING
#define CREATE_EPHEMERAL \
	MODAL__CLIENT__OBJECT_CREATION_TYPE__OBJECT_CREATION_EPHEMERAL
#define ACCESS_BY_SANDBOX \
MODAL__CLIENT__SANDBOX_GET_COMMAND_ROUTER_ACCESS_REQUEST__TARGET_SANDBOX_ID
#define BLOCK_HAS_RESPONSE \
	MODAL__CLIENT__VOLUME_PUT_BLOCK__UPLOADED_PUT_RESPONSE
#define EXIT_STATUS(M) \
	MODAL__TASK_COMMAND_ROUTER__TASK_EXEC_WAIT_RESPONSE__EXIT_STATUS_##M
#define RESULT(M) MODAL__CLIENT__RESULT_STATUS__RESULT_##M

#define CLIENT_PATH(rpc) "/modal.client.ModalClient/" rpc
#define ROUTER_PATH(rpc) "/modal.task_command_router.TaskCommandRouter/" rpc

void wire_pack(const void *message, struct buf *out);
/* NULL: not such a message. */
void *wire_unpack(const ProtobufCMessageDescriptor *, const char *p,
    size_t n);
void wire_free(void *message); /* NULL is fine */
/* Overwrites a text in a message before it goes. */
void wire_wipe(char *secret);

#endif
