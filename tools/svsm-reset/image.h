/* SPDX-License-Identifier: GPL-2.0 */
/* What is in an initial ram disk */
#ifndef _SR_IMAGE_H
#define _SR_IMAGE_H

#include <stddef.h>

/**
 * enum sr_image - is the module in an initial ram disk?
 * @SR_IMAGE_HAS:     it is
 * @SR_IMAGE_LACKS:   it is not
 * @SR_IMAGE_MISSING: there is no such image
 * @SR_IMAGE_HIDDEN:  only root can read the image
 * @SR_IMAGE_NO_TOOL: there is nothing here that looks into images
 * @SR_IMAGE_BROKEN:  what looks into images has failed
 */
enum sr_image {
	SR_IMAGE_HAS,
	SR_IMAGE_LACKS,
	SR_IMAGE_MISSING,
	SR_IMAGE_HIDDEN,
	SR_IMAGE_NO_TOOL,
	SR_IMAGE_BROKEN,
};

enum sr_image sr_image_look(const char *path);
int sr_image_find(const char *root, const char * const *forms,
		  const char *release, char *path, size_t size);

#endif /* _SR_IMAGE_H */
