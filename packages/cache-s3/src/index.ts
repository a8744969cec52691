export { openS3Cache, type S3CacheOptions } from './open.js';
