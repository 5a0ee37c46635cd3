import { expect, test } from 'vitest';
import { amazonUrl } from '../../src/store/store.js';

test.each([
  ['eu-central-1', 'shop-data', 'https://shop-data.s3.eu-central-1.amazonaws.com/'],
  ['cn-north-1', 'shop-data', 'https://shop-data.s3.cn-north-1.amazonaws.com.cn/'],
  ['us-gov-west-1', 'shop-data', 'https://shop-data.s3.us-gov-west-1.amazonaws.com/'],
  ['eu-central-1', 'data.shop.example', 'https://s3.eu-central-1.amazonaws.com/data.shop.example/'],
  ['cn-northwest-1', 'data.shop', 'https://s3.cn-northwest-1.amazonaws.com.cn/data.shop/'],
])('in %s, ClickHouse reaches the bucket %s at %s', (region, bucket, url) => {
  expect(amazonUrl(region, bucket)).toBe(url);
});
