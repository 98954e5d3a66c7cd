/* SPDX-License-Identifier: GPL-2.0 */
/* Facts and answers for programs */
#ifndef _SR_ANSWER_JSON_H
#define _SR_ANSWER_JSON_H

#include <json-c/json.h>

#include "facts.h"

struct json_object *sr_json_text(const char *text);
struct json_object *sr_json_int(int value);
struct json_object *sr_json_number(long long value);
struct json_object *sr_json_flag(int value);
struct json_object *sr_json_object(void);
struct json_object *sr_json_array(void);
void sr_json_append(struct json_object *array, struct json_object *value);
void sr_json_add(struct json_object *object, const char *key,
		 struct json_object *value);
struct json_object *sr_json_status(const struct sr_facts *facts);
struct json_object *sr_json_explain(const struct sr_facts *facts);
struct json_object *sr_json_counts(const struct sr_facts *facts);
int sr_json_print(struct json_object *object, const char *command, int flags);

#endif /* _SR_ANSWER_JSON_H */
