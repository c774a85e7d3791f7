/**
 * Rejections that nobody heard of.
 */
export function unhandledRejections(): () => unknown[] {
  const heard: unknown[] = [];
  const hear = (reason: unknown) => heard.push(reason);
  process.on('unhandledRejection', hear);
  return () => {
    process.off('unhandledRejection', hear);
    return heard;
  };
}
